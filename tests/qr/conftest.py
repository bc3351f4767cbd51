"""How the property tests of qr run: no example may fail because the machine was busy."""

from hypothesis import HealthCheck, settings

# The deadline and the health check of slow generation measure the machine, not the rules.
settings.register_profile("qr", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qr")
