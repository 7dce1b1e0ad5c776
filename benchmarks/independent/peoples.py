"""Names of the minorities: who lives where, and how a name is built. Shapes after the reference tables; shares are assumptions."""

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """The order of the words in a name."""

    FAMILY_FIRST = "family middle given"
    CLAN_MARK = "clan, a mark of gender, given"
    MARK_CLAN = "a mark of gender, given, clan of the mother"
    CLAN_GIVEN = "clan of the mother, given"
    MARK_GIVEN = "a mark of gender and given, no family name"


@dataclass(frozen=True)
class People:
    """One people: name, share of the country, provinces (codes of the 63) and words."""

    name: str
    share: float
    provinces: str
    shape: Shape
    families: str
    men: str = ""
    women: str = ""
    marks: tuple[str, str] = ("", "")
    kinh_given: float = 0.0
    """Share of given names taken from the Kinh lists."""

    @property
    def of_mother(self) -> bool:
        """Whether the clan comes from the mother."""
        return self.shape in {Shape.MARK_CLAN, Shape.CLAN_GIVEN}


PEOPLES = (
    People("Kinh", 0.855, "", Shape.FAMILY_FIRST, "", kinh_given=1.0),
    People("Tày", 0.019, "004 006 008 010 019 020 002", Shape.FAMILY_FIRST,
           "Nông:20 Hoàng:20 Lương:8 Hứa:8 Bế:7 Ma:7 Vi:5 Triệu:5 Đàm:5 Lục:4 Mã:4 Chu:4 La:3 Lý:3 Nguyễn:8", kinh_given=1.0),
    People("Thái", 0.019, "011 014 012 040 038 015", Shape.FAMILY_FIRST,
           "Lò:28 Lường:12 Quàng:11 Cà:9 Tòng:8 Vi:8 Lô:7 Hà:6 Cầm:4 Bạc:3 Kha:3 Lù:3 Mè:2 Lèm:2 Ngần:2 Hoàng:5 Điêu:2",
           "Ó Pánh Pâng Inh Xôm Phong Hặc Dọn Thiết Biên Pản Hoan Ún Chựa", "Piếng Ín Pỏm Xuân Dương Hặc Phương Én Bun Chựa Ban Tươi Phắn Lả",
           ("Văn", "Thị"), 0.7),
    People("Mường", 0.015, "017 038 025 001", Shape.FAMILY_FIRST, "Bùi:40 Đinh:20 Quách:12 Bạch:9 Hà:9 Phùng:5 Nguyễn:5", kinh_given=1.0),
    People("Khmer", 0.013, "084 094 091 095 092 096 089", Shape.FAMILY_FIRST,
           "Thạch:22 Sơn:12 Kim:11 Danh:12 Lâm:9 Chau:7 Néang:5 Kiên:4 Lý:5 Trần:5 Tăng:3 Triệu:3 Hữu:2 Thị:3",
           "Sóc Đa Ra Sa Rây Phương Tha Na Rinh Khêma Sô Phol Rạch Ny Hiền Ngọc Sang Thương Vuông Sết",
           "Sa Rên Bô Pha Đa Ni Sóc Kha Na Ry Thia Hiên Mỹ Nhanh Linh Lang Chanh Đi Sây La Ra Vi", ("", "Thị"), 0.45),
    People("Nùng", 0.011, "020 004 024 066 068", Shape.FAMILY_FIRST,
           "Nông:24 Hoàng:14 Lương:9 Lý:9 Vi:8 Triệu:7 Mông:6 Linh:4 Phùng:4 Long:4 Chu:4 Lộc:3 Sầm:2 Hứa:2", kinh_given=1.0),
    People("Mông", 0.014, "002 011 014 010 012 015 004 038 040", Shape.CLAN_MARK,
           "Giàng:18 Vàng:15 Sùng:14 Thào:12 Mùa:8 Lầu:7 Lý:7 Vừ:6 Hạng:4 Cư:3 Hầu:3 Tráng:3 Má:3 Cứ:2 Ly:2 Xồng:1",
           "Páo Dơ Chứ Sử Lềnh Súa Chu Vàng Dế Tủa Chinh Phử Khua Nủ Nhìa Pó Của Sình Thào Cáng Lử Tú Hồ Mạnh Páo",
           "Mai Sua Dợ Chá Mỷ Máy Dở Pà Chư Xía Vá Dúa Ly Mỵ Sống Ghênh Chía Say Dung Pàng Khua Hoa", ("A", "Thị"), 0.12),
    People("Dao", 0.009, "002 008 015 004 006 012", Shape.FAMILY_FIRST,
           "Triệu:24 Bàn:18 Đặng:14 Phàn:12 Lý:9 Chảo:8 Phùng:5 Tẩn:5 Chẻo:3 Dương:2",
           "Láo Phạm Sành Quầy Chòi Vạng Phúc Lụa Chiêu Sính", "Mùi Mẩy Nái Chài Ghến Pham Coi Sểnh", ("Văn", "Thị"), 0.55),
    People("Gia Rai", 0.005, "064 062 066", Shape.CLAN_GIVEN,
           "Ksor:22 Siu:18 Rơ Châm:15 Nay:13 Kpă:10 Rmah:9 Rah Lan:7 Rơ Lan:4 Puih:4",
           "Hùng Blik Thin Kơ Phen Hyưk Lơn Thuy Chuih Blơi Tin Kuin", "H'Lan H'Nhi H'Bia H'Yên H'Phin H'Mrao H'Ngon H'Uyên", kinh_given=0.25),
    People("Ê Đê", 0.004, "066 067 054", Shape.MARK_CLAN,
           "Niê:24 Êban:12 Mlô:14 Ayŭn:8 Kbuôr:7 Byă:8 Buôn Yă:5 Niê Kdăm:9 Kdoh:3 Kmăn:3 Buôn Krông:5 Adrơng:3 Ktla:3",
           "Ngông Khoa Thuyên Bhiăo Dhăm Wen Blem Jŭn Samuel Luyện Phi Djhoan Quý Nguyên Hưng Thịnh Mưng",
           "H'Nghia H'Wer H'Len H'Bliă H'Nuên H'Linh H'Ngọc H'Duyên H'Yam H'Mai H’Ri H'Suin H'Trang", ("Y", "")),
    People("Ba Na", 0.003, "062 064 052", Shape.MARK_GIVEN, "",
           "Huy Thih Byưh Lưm Khuih Thuin Gyưm Hmrik Đông Nhem Vinh", "Nhok Blơm Hnhun Byen Mlĩ Hlim Thuỷ Ngân Nhưi Hyinh", ("A", "Y")),
    People("Cơ Ho", 0.002, "068 058 060", Shape.MARK_CLAN,
           "Kon Sơ:5 Cil:6 Liêng:4 Lơ Mu:5 Pang Ting:3 Rơ Ông:2 Kra Jăn:4",
           "K'Brẻo K'Tấn K'Brơi K'Duẩn K'Thế K'Vinh K'Long K'Hùng", "Nhối Glơng Thuyên Diễm Rim Huệ Hương Lý", ("", "Ka")),
    People("Chăm", 0.002, "058 060 091", Shape.FAMILY_FIRST,
           "Đàng:14 Quảng:12 Báo:8 Sử:8 Thông:7 Chế:7 Trượng:6 Bá:6 Kiều:6 Lưu:6 Hán:5 Từ:4 Não:3 Lộ:3 Mohamad:3 Ma:2",
           "Năng Phận Nại Hiểu Tẩm Du Sô Roh Aly Ro Phi", "Kim Hồi Thập Nhuận Cam Sa Ki Nah Ro Phi Ah", ("", "Thị"), 0.6),
    People("Bru", 0.002, "045 044", Shape.FAMILY_FIRST, "Hồ:95 Pả:2 Côn:2", "Thưng Xy Vỗ Cang Khiên Piên Thoi", "Liên Cúc Hiệp Nhung Mơn Lăn", ("Văn", "Thị"), 0.5),
    People("Hrê", 0.002, "051 052", Shape.FAMILY_FIRST, "Đinh:70 Phạm:28 Hồ:2", "Nghé Rin Xút Lum Vích Trêu Reo", "Nghiêu Dế Sươn Thoách Hre Đỗ", ("Văn", "Thị"), 0.5),
    People("Xtiêng", 0.001, "070 068 075", Shape.MARK_GIVEN, "", "Dinh Khuê Lên Nghé Hoàng Thanh Đức Xuân", "Giôn Khưi Hằng Pơt Liên Nga", ("Điểu", "Thị")),
    People("Hoa", 0.008, "079 075 094 022 092", Shape.FAMILY_FIRST,
           "Trần:12 Lý:11 Lâm:12 Huỳnh:9 Quách:7 Tăng:6 Trương:6 Vương:6 Dương:5 Châu:5 La:5 Mã:3 Diệp:4 Ông:2 Tiêu:3 Thái:4 Hứa:3 Lưu:4 Vòng:3 Chềnh:2",
           "A Sáng Chí Cường Vĩ Hào Gia Kiện Dũ Phát", "Muội Múi Lìn Mỹ Phụng Tuyết Mai Bội", ("", ""), 0.75),
)  # fmt: skip
KINH = 0
