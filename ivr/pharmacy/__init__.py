"""The shared pharmacy database: members, prescriptions, orders, addresses. Never hears of calls."""
