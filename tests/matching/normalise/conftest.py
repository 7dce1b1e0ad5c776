import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

_FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Lưu",
    "Trịnh",
    "Đinh",
    "Tạ",
    "Quách",
]
_MIDDLE = [
    "Văn",
    "Thị",
    "Đức",
    "Ngọc",
    "Hữu",
    "Thanh",
    "Minh",
    "Quốc",
    "Thùy",
    "Hoài",
    "Bảo",
    "Kim",
    "Xuân",
    "Phương",
    "Mỹ",
]
_GIVEN = [
    "Hùng",
    "Thủy",
    "Trường",
    "Hạnh",
    "Tiền",
    "Ánh",
    "Khuê",
    "Dũng",
    "Sơn",
    "Yến",
    "Quỳnh",
    "Tuyết",
    "Lộc",
    "Phước",
    "Ý",
    "Nghĩa",
    "Vy",
    "Hòa",
    "Thương",
    "Huệ",
]


@pytest.fixture(scope="session")
def unicode_names() -> list[str]:
    """Two hundred invented names of a school, every kind of mark among them."""
    return [
        f"{_FAMILY[i % len(_FAMILY)]} {_MIDDLE[(i * 7) % len(_MIDDLE)]} {_GIVEN[(i * 3 + i // 20) % len(_GIVEN)]}"
        for i in range(200)
    ]
