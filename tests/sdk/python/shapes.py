"""The shapes of answers, field by field, and holding a value against one.

A shape is a type, a pattern of text, one of some words, a shape that may be null, a list with the shape of its items,
or an object with the shapes of its fields. An answer may have more fields than its shape.
"""

import re


class Nullable:
    def __init__(self, shape):
        self.shape = shape


class OneOf:
    def __init__(self, *words):
        self.words = words


NUMBER = (int, float)
# Milliseconds and `Z`, as every time under /{locale}/shop.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Times to the second, which the health check and /api speak, or finer.
ANY_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CARD_NUMBER = re.compile(r"LC\d{12}")
TEXT = Nullable(str)
MOMENT = Nullable(TIME)


def differences(value, shape, path="data"):
    """What is wrong with a value, in words; nothing where it fits."""
    if isinstance(shape, Nullable):
        return [] if value is None else differences(value, shape.shape, path)
    if isinstance(shape, OneOf):
        return [] if value in shape.words else [f"{path} is {value!r}, not one of {shape.words}"]
    if isinstance(shape, re.Pattern):
        fits = isinstance(value, str) and shape.fullmatch(value)
        return [] if fits else [f"{path} is {value!r}, not like {shape.pattern}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path} is {value!r}, not a list"]
        return [found for place, item in enumerate(value) for found in differences(item, shape[0], f"{path}[{place}]")]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{path} is {value!r}, not an object"]
        missing = [f"{path}.{name} is missing" for name in shape if name not in value]
        present = [(name, inner) for name, inner in shape.items() if name in value]
        return missing + [
            found for name, inner in present for found in differences(value[name], inner, f"{path}.{name}")
        ]
    # A truth value counts as a whole number in Python, and is none in JSON.
    fits = isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    return [] if fits else [f"{path} is {value!r}, not of {shape}"]


META = {
    "current_page": int,
    "last_page": int,
    "per_page": int,
    "total": int,
    "from": Nullable(int),
    "to": Nullable(int),
    "total_pages": int,
    "has_next": bool,
    "has_prev": bool,
}

COMPONENT = {"status": str}
HEALTH = {
    "status": OneOf("ok", "degraded"),
    "timestamp": ANY_TIME,
    "version": str,
    "environment": OneOf("staging", "production"),
    "dormant": bool,
    "components": {"api": COMPONENT, "database": COMPONENT, "cache": COMPONENT, "jwt": COMPONENT, "memory": COMPONENT},
}

CREDENTIALS = {
    "valid": bool,
    "partner": {"id": int, "name": str, "status": OneOf("active")},
    "partner_name": str,
    "environment": OneOf("staging", "production"),
}

SHOP = {
    "id": int,
    "name": str,
    "address": TEXT,
    "city": TEXT,
    "phone": TEXT,
    "email": TEXT,
    "website": TEXT,
    "description": TEXT,
    "working_hours": Nullable(dict),
    "opening_hours": TEXT,
    "coordinates": Nullable({"latitude": NUMBER, "longitude": NUMBER}),
    "images": [str],
    "is_active": bool,
    "is_virtual": bool,
    "partner_id": int,
    "partner": {"id": int, "name": str},
    "created_at": TIME,
    "updated_at": TIME,
}

# The rules of earning and redeeming, under the names that templates have for them.
RULES = {
    "points_enabled": bool,
    "points_per_currency": NUMBER,
    "currency_amount": NUMBER,
    "round_points_up": bool,
    "min_points_per_purchase": int,
    "max_points_per_purchase": Nullable(int),
    "points_per_visit": int,
    "points_redemption_enabled": bool,
    "points_per_currency_redemption": NUMBER,
    "currency_amount_redemption": NUMBER,
    "min_points_for_redemption": int,
    "max_points_per_redemption": Nullable(int),
}

TEMPLATE = {
    **RULES,
    "id": int,
    "object": OneOf("card_template"),
    "partner_id": int,
    "title": dict,
    "name": dict,
    "description": Nullable(dict),
    "card_design": dict,
    "is_active": bool,
    "shop_ids": [int],
    "applicable_shops": Nullable([int]),
    "auto_assign": bool,
    "initial_bonus_points": int,
    "welcome_bonus": int,
    "points_expiration_days": Nullable(int),
    "points_per_euro": NUMBER,
    "default_coupon_validity_days": Nullable(int),
    "terms_conditions": Nullable(dict),
    "qr_code": str,
    "partner": {"id": int, "name": str, "logo": TEXT},
    "created_at": TIME,
    "updated_at": TIME,
}

CARD = {
    "id": int,
    "object": OneOf("loyalty_card"),
    "loyalty_card_id": int,
    "user_id": int,
    "card_number": CARD_NUMBER,
    "card_name": TEXT,
    "brand_name": str,
    "brand_logo": TEXT,
    "logo_url": TEXT,
    "card_type": OneOf("universal", "partner_specific", "third_party"),
    "barcode_type": OneOf("QR", "EAN13", "CODE128", "NFC"),
    "qr_code": Nullable(UUID),
    "barcode": TEXT,
    "qr_code_url": str,
    "status": OneOf("active", "inactive", "blocked", "expired"),
    "is_active": bool,
    "is_third_party": bool,
    "third_party_data": dict,
    "custom_fields": dict,
    "background_color": TEXT,
    "text_color": TEXT,
    "design_template": TEXT,
    "points": int,
    "points_balance": int,
    "transactions_count": int,
    "last_used_at": MOMENT,
    "expires_at": MOMENT,
    "redemption": Nullable(
        {
            "enabled": bool,
            "points_per_currency": NUMBER,
            "currency_amount": NUMBER,
            "min_points": int,
            "max_points": Nullable(int),
        }
    ),
    "points_rules": Nullable(RULES),
    "user": {"id": int, "name": TEXT, "email": TEXT, "phone": TEXT},
    "partner": Nullable({"id": int, "name": str, "logo": TEXT, "logo_url": TEXT}),
    "created_at": TIME,
    "updated_at": TIME,
}

BALANCE = {
    "card_id": int,
    "card_number": CARD_NUMBER,
    "points": int,
    "current_points": int,
    "points_balance": int,
    "available_points": int,
    "total_points": int,
    "total_earned": int,
    "total_spent": int,
    "expiring_soon": int,
    "expired_points": int,
    "transactions_count": int,
}

TYPES = OneOf("purchase", "refund", "bonus", "cancellation", "redemption", "expiry", "adjustment")

# What a listed and a just created transaction share.
MOVEMENT = {
    "id": int,
    "type": TYPES,
    "points": int,
    "currency": str,
    "description": str,
    "reference_id": TEXT,
    "reference_type": TEXT,
    "loyalty_card_id": int,
    "expires_at": MOMENT,
    "is_expired": bool,
    "meta_data": dict,
    "created_at": TIME,
    "updated_at": TIME,
}

TRANSACTION = {
    **MOVEMENT,
    "amount": NUMBER,
    "reference_number": TEXT,
    "status": OneOf("completed", "pending", "cancelled"),
    "loyalty_card": {"id": int, "name": TEXT, "number": CARD_NUMBER},
    "user": Nullable({"id": int, "name": TEXT, "email": TEXT, "phone": TEXT}),
    "shop": Nullable({"id": int, "name": str}),
    "balance_after": Nullable(int),
    "metadata": dict,
    "transaction_date": TIME,
}

CREATED = {
    **MOVEMENT,
    "transaction_id": int,
    "points_awarded": int,
    "points_redeemed": int,
    "points_balance": int,
    "card_number": CARD_NUMBER,
    "user_id": int,
    "order_id": str,
    "order_total": NUMBER,
}

POINT_ENTRY = {
    "id": int,
    "loyalty_card_id": int,
    "points": int,
    "type": OneOf("earned", "spent", "bonus", "expired", "refund"),
    "description": str,
    "reference_id": TEXT,
    "reference_type": TEXT,
    "metadata": dict,
    "meta_data": dict,
    "card": {"id": int, "card_name": TEXT, "card_number": CARD_NUMBER},
    "balance_after": Nullable(int),
    "expires_at": MOMENT,
    "expired_at": MOMENT,
    "is_expired": bool,
    "created_at": TIME,
    "updated_at": TIME,
}

POINTS_BALANCE = {
    "card_id": int,
    "card_name": TEXT,
    "card_number": CARD_NUMBER,
    "points_balance": int,
    "total_earned": int,
    "total_spent": int,
    "last_transaction_at": MOMENT,
}

CUSTOMER = {
    "id": str,
    "email": str,
    "name": str,
    "first_name": TEXT,
    "last_name": TEXT,
    "phone": TEXT,
    "points": int,
    "tier": str,
    "created_at": ANY_TIME,
}
