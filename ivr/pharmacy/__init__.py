"""The shared pharmacy database: members, prescriptions, orders, addresses. Nothing here depends on calls."""
