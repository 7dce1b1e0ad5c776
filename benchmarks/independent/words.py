"""Kinh names: words in the order of how common they are, by cohort and gender. The orders are assumptions."""

COHORTS = (1962, 1985, 2006)
"""First birth year of the second, third and fourth cohort."""

FAMILY = (
    "Nguyễn:400 Trần:108 Lê:88 Phạm:64 Hoàng:30 Huỳnh:24 Phan:29 Vũ:26 Võ:25 Đặng:21 Bùi:21 Đỗ:18 Hồ:14 Ngô:15 Dương:13 Lý:8 "
    "Trương:19 Đinh:10 Trịnh:9 Lâm:8 Đoàn:8 Mai:7 Đào:7 Hà:7 Lương:6 Cao:6 Tô:4 Châu:4 Thái:4 Tạ:4 Phùng:4 Lưu:4 Vương:4 Chu:3 Tăng:3 "
    "Quách:2 Kiều:2 Từ:2 Văn:2 Đàm:2 La:2 Nghiêm:2 Thân:2 Triệu:2 Trà:1 Khổng:1 Mạc:1 Doãn:1 Lại:2 Bạch:2 Giang:1 Ninh:1 Viên:0.5 "
    "Ông:0.5 Cù:1 Cung:0.5 Đồng:1 Đậu:1 Hứa:1 Hàn:0.5 Kim:1 Lục:0.5 Lã:1 Mã:0.5 Mẫn:0.4 Nhữ:0.3 Nông:0.3 Ngụy:0.3 Phó:0.3 Phí:0.7 Quản:0.4 "
    "Sầm:0.2 Tôn:0.7 Tống:1.4 Thạch:0.4 Thẩm:0.4 Thi:0.4 Tiêu:0.7 Tiết:0.3 Tất:0.2 Trang:0.4 Ung:0.2 Vi:0.4 Vĩnh:0.2 Âu:0.3 Ân:0.1 Bành:0.3 "
    "Biện:0.2 Cái:0.2 Cấn:0.3 Chử:0.3 Chế:0.1 Cổ:0.1 Danh:0.2 Diệp:0.7 Đới:0.2 Đan:0.1 Đường:0.3 Giáp:0.5 Hạ:0.2 Hầu:0.2 Hoa:0.2 Khúc:0.4 "
    "Khuất:0.3 Khưu:0.3 Lành:0.1 Lều:0.2 Liễu:0.2 Lữ:0.3 Lỗ:0.2 Mang:0.1 Ma:0.1 Ngọ:0.1 Nhâm:0.2 Ô:0.1 Ong:0.2 Phương:0.2 Quang:0.1 Sái:0.1 "
    "Sử:0.1 Tán:0.1 Thiều:0.2 Thịnh:0.1 Thôi:0.1 Tưởng:0.3 Tào:0.2 Tòng:0.1 Trác:0.1 Trình:0.4 Úy:0.1 Uông:0.2 Vòng:0.2 Xa:0.1 Yên:0.1 "
    "Đổng:0.2 Đôn:0.1 Đỗng:0.05 Lương Công:0.05 Tôn Thất:0.15 Tôn Nữ:0.05 Âu Dương:0.05 Nguyễn Phúc:0.1 Công Tằng:0.02"
)

MEN = (
    """Hùng Minh Dũng Hòa Bình Thành Sơn Hải Thanh Long Đức Phúc Chiến Ba Hai Năm Tư Bảy Sáu Tám Chín Mười Út
    Xuân Hoàng Lợi Tài Lâm Khánh Tâm Phước Nam Quang Thắng Lộc Trung Vinh Tiến Thuận Cường Định Tấn Hồng
    Hiền Đông Sang Hưng Mạnh Ngọc Bé Tý Sửu Dần Mão Thìn Tỵ Ngọ Mùi Thân Dậu Tuất Hợi Cầu Được Nhỏ Lành Đẹp
    Chính Nghĩa Khoa Phong Toàn Kỳ Chung Quý Bảo Hậu Đạt Thiện Quyền Thông Tùng Liêm Kiệm Cần Đời Cao Lực
    Mậu Kỷ Canh Tân Nhâm Quý Giáp Ất Luận Ngôn Khuê Điều Bồng Rớt Đực Cu Tèo Rạng Thơm Hớn Trợ Lượm Bưởi
    Ngãi Nhơn Xê Lịch Cúc Thới Khải""",
    """Hùng Dũng Tuấn Hải Cường Sơn Minh Thắng Bình Thành Hòa Long Hưng Đức Tâm Trung Quang Nam Phong Tùng
    Thanh Tiến Mạnh Vinh Hà Phương Toàn Chung Đông Lâm Phúc Lợi Tài Linh Chính Kiên Thông Thịnh Hiếu Nghĩa
    Khánh Trường Hoàng Việt Hiệp Tú Giang Định An Anh Quý Quyết Duy Vũ Chiến Thái Khoa Lộc Thuận Ngọc Phước
    Sang Đạt Tân Quân Hậu Dương Huy Bảo Công Luân Thương Thế Viên Nhân Nguyên Trọng Sỹ Cảnh Lực Thụ Nhật Đại
    Hiển Hữu Bắc Tây Mười Út Tấn Cần Khương Kỳ Liêm Luyện Lượng Ninh Oanh Phú Quốc Quyền Sinh Tiệp Tín Toản
    Trí Tuyên Tuyến Uy Văn Vĩnh Xuân Đoàn Đồng Đương Khởi""",
    """Tuấn Huy Hoàng Anh Đức Dũng Nam Hiếu Sơn Thành Đạt Long Minh Hùng Cường Hải Trung Thắng Nguyên Tùng Duy
    Quang Tiến Phong Tài Phúc Hưng Trường Linh Toàn Quân Khánh Bảo Dương Việt Bình Lâm Nghĩa Kiên Vũ Mạnh Tú
    Thịnh An Vinh Khoa Trí Thái Hiệp Tâm Lộc Công Quốc Phú Hòa Nhật Giang Chiến Tân Ngọc Hậu Thiện Phương
    Quý Thuận Sang Trọng Nhân Phước Luân Hà Đại Thông Vương Định Chung Lợi Khải Tín Khang Quyền Đăng Hào Tấn
    Chương Thuần Đông Ninh Sáng Cảnh Danh Tuyên Lực Thạch Đoàn Huấn Nhã Hiển Kỳ Viên Văn Thức Khôi Lương
    Triều Tường Vỹ Triển Thiên Xuân Bách Cương""",
    """Anh Minh Huy Khang Bảo Phúc Khôi Khoa Nguyên Đăng Phát Nam Long Khánh Quân Kiệt Thịnh Hưng Hoàng Đạt An
    Phong Duy Hiếu Bách Lâm Thành Quang Thiện Nhân Dũng Đức Vũ Kiên Trí Tuấn Tùng Hải Vinh Tú Thiên Dương
    Sơn Tài Hào Gia Trung Ân Đan Việt Khải Bình Lộc Phú Tiến Trường Nghĩa Nhật Tâm Toàn Linh Thái Hùng Cường
    Quốc Hiển Tín Danh Vương Chí Thắng Hòa Kỳ Lợi Bin Chiến Sang Hậu Mạnh Luân Vỹ Quý Triết Lân Thạch Giang
    Tường Ngọc Công Thông Phương Huân Kha Đại Chương Uy Khiêm Duệ Hữu Tân Tấn Thức Nghị Doanh Đông Lương Sâm
    Điền Thuận Phước Hà Sáng Vĩ Nhuận Cơ Tuệ""",
)
WOMEN = (
    """Lan Hoa Hương Mai Hồng Nga Bình Liên Hà Loan Cúc Huệ Thanh Tâm Hòa Hạnh Lý Vân Nguyệt Xuân Tuyết Ba Hai
    Năm Tư Bảy Sáu Tám Chín Mười Út Bé Thu Oanh Sen Đào Mận Lựu Tý Dần Hiền Lành Thơm Nhàn Thoa Ánh Yến
    Phượng Vinh Thành Minh Sương Bông Lài Nở Nhỏ Gái Hợi Tuất Mùi Mão Thìn Ngọ Dậu Hường Nụ Bưởi Chanh Thảo
    Chiến Kim Ngọc Phương Thủy Dung Nhung Tính Tình Thương Nhớ Vui Mừng Được Luyến Quý Hảo Ngoan Đẹp Xinh
    Tươi Hằng Điểm Trang Cậy Chắt Chút Rành Rạng Ruộng Thắm Son Tẻo Cỏn Lụa Là Vóc Nhiễu The Lượt Tơ Thuần
    Nết Na Ân Ái Nhân Nghĩa Lễ Thiệt""",
    """Hương Hoa Lan Hà Thủy Hằng Nga Hạnh Mai Hồng Thanh Loan Vân Hiền Liên Yến Tuyết Phương Dung Oanh Thu Huệ
    Bình Nhung Thảo Thúy Minh Nguyệt Tâm Trang Ngọc Hòa Lý Anh Linh Xuân Hường Cúc Phượng Lệ Hải Ánh Huyền
    Vinh Diệp Thơm Tuyến Bích Thoa Nhàn Hậu Mười Dịu Lương Sen Mến Đào Quyên Chi Duyên Điệp Giang Hảo Kim
    Lành Len Luyến Mận Mơ Na Ngà Nhạn Nhâm Nhị Nụ Phấn Quế Sương Sâm Thắm Thương Tiên Tình Tươi Út Vui Xoan
    Yên Đoan Đông Gấm Hiên Hiếu Huê Khuyên Lài Liễu Lụa Lựu Miền Nhài Nhiên Oánh Quý Thắng Thiện Thùy Thư
    Toan Trinh Trúc Tú Uyên Vượng Châu Khánh""",
    """Trang Linh Hương Thảo Hằng Phương Huyền Anh Thủy Hà Ngọc Nhung Yến Dung Hiền Thúy Lan Vân Hạnh Ngân Mai
    Nga Hoa My Quỳnh Oanh Loan Duyên Hồng Thu Trinh Nhi Tâm Diễm Chi Giang Uyên Hoài Trâm Thương Phượng Ánh
    Như Thư Thanh Nguyệt Tuyết Lệ Liên Vy Tiên Thùy Trúc Xuân Quyên Hòa Bích Mỹ Minh Huệ Châu Ly Kiều Vi Lý
    Hường Bình Lành Mơ Kim Hân Dương Thắm Diệu Nhàn Hậu Sương Tú Tuyền Thoa Ngà Hảo Phúc Diệp Khánh An Lài
    Tươi Dịu Luyến Đào Lợi Thơm Cúc Hiếu Hải Phấn Quế Tình Trà Nhạn Nương Ái Len Út Khuyên Đoan Thi Thơ Mến
    Yên Na Sen Lụa Hiên Điệp Đông Thiện""",
    """Anh Linh Ngọc Vy Nhi Hân Trang Thư My Châu Như Ngân Chi Phương Thảo Trâm Quỳnh Hà Khánh An Nguyên Uyên
    Yến Mai Tiên Giang Trúc Trân Tâm Ly Hương Thy Lam Nghi Huyền Minh Kim Dương Vân Thanh Di Diệp Hiền Khuê
    Trinh Quyên Đan Nga Nhiên Ánh Băng Mỹ Lan Tú Thùy Phúc Thủy Hằng Dung Bảo Duyên Ý Cát Phượng Tuệ Tuyền
    Loan Hoa Vi Xuân Hạnh Tường Nhã Thương Ân Oanh Hoài Mi Diễm Nguyệt Kỳ Dao San Sa Hồng Nhung Thiên Thơ
    Diệu Bình Lâm Liên Bích Yên Ca Đoan Lệ Kiều Doanh Khanh Hạ Thu Na Hòa Nương Vũ Du Hy Lê Trà Thục Nhàn
    Lộc Sương Ái Tuyết Mẫn Ngà Mộc Thạch Viên""",
)

MIDDLES_MEN = (
    """Đình Hữu Xuân Ngọc Đức Công Quang Thế Thanh Minh Hồng Trọng Quốc Duy Bá Kim Viết Sỹ Huy Hoàng Tiến Mạnh
    Trung Thành Phú Đăng Như Phúc Khắc Vĩnh Cao Chí Hải Anh Tấn Danh Doãn Nhật Tuấn Bảo""",
    """Đình Hữu Xuân Ngọc Đức Công Quang Thế Thanh Minh Hồng Trọng Quốc Duy Anh Mạnh Tiến Trung Hoàng Bá Viết
    Sỹ Huy Hải Chí Tuấn Thành Vĩnh Khắc Phú Việt Đăng Trường Tấn Bảo Nhật Hùng Tất Doãn Phúc Cao Như Phước
    Đại""",
    """Minh Đức Hoàng Anh Quang Ngọc Thanh Đình Hữu Xuân Tuấn Công Quốc Duy Trung Thành Mạnh Tiến Huy Thế Việt
    Hải Nhật Bảo Trọng Trường Hồng Gia Chí Tấn Khánh Phương Thái Đăng Bá Vĩnh Hùng Phúc Phước Thiên Viết Sỹ
    Đại Khắc Tùng Long""",
    """Gia Minh Bảo Đức Anh Hoàng Quang Nhật Tuấn Duy Quốc Thiên Đăng Khánh Thanh Hữu Ngọc Trung Công Thành
    Trường Thái Đình Xuân Phúc Hải Khôi Việt Huy Chí An Tiến Hồng Phước Tấn Nguyên Mạnh Trọng Thế Kim Nam
    Phú Bá Hưng Đại Tùng Hạo Khải Vĩnh Như""",
)
MIDDLES_WOMEN = (
    """Kim Ngọc Thanh Hồng Bích Xuân Thu Mỹ Minh Tuyết Ánh Hoàng Phương Mai Diệu Lệ Như Cẩm Bạch Hương Ái Lan
    Tú Quế""",
    """Thu Thanh Hồng Kim Ngọc Bích Minh Mỹ Phương Xuân Tuyết Lan Thúy Mai Hải Quỳnh Ánh Diệu Lệ Hoàng Như Tố
    Cẩm Hương Thùy Việt Diễm Khánh Vân Bảo""",
    """Thu Ngọc Thanh Phương Thùy Minh Hồng Kim Bích Mỹ Quỳnh Hoài Hải Lan Như Huyền Thảo Kiều Mai Diệu Cẩm Ánh
    Diễm Tuyết Khánh Hà Vân Trúc Tú Hoàng Bảo Tường Xuân Yến Lệ Linh Hương Nhật Anh Trà""",
    """Ngọc Bảo Minh Khánh Phương Thanh Gia Thảo Hà Quỳnh Mai Kim Anh Yến Như Tường Thùy Hoàng Diệu Linh Thu Mỹ
    Trúc Cẩm Tuệ Hải Ánh An Huyền Bích Nhã Hồng Thiên Lan Nguyên Vân Tú Uyên Ái Kiều Nhật Khả Cát Diễm Thục
    Đan Lam Hoài Tâm Xuân""",
)
"""Written in the order of how common; one text per cohort."""

NICKNAMES = "Tí Bin Bo Bông Cún Su Tôm Na Ken Bi Mít Bống Sóc Gấu Nhím Tép Cu Bé Ti Nấm Kem Bảo Bối Susu Tin"
FOREIGN = (
    ("Hàn Quốc", "Kim Min Jun", "Park Seo Yeon", "Lee Ji Woo", "Choi Ha Eun", "Jung Do Yun"),
    ("Trung Quốc", "Wang Lei", "Zhang Wei", "Li Na", "Chen Yu Xuan", "Liu Yang"),
    ("Lào", "Somphone Vongsa", "Khamla Phommachan", "Bounmy Sisavath"),
    ("Campuchia", "Sok Dara", "Chan Sreymom", "Heng Vibol"),
    ("Nhật Bản", "Tanaka Haruto", "Sato Yui", "Suzuki Ren"),
    ("Pháp", "Martin Dubois", "Camille Laurent"),
)
"""Nationality as typed, then names."""
