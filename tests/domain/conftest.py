"""How the property tests of the domain run: no example may fail because the machine was busy."""

from hypothesis import HealthCheck, settings

# The deadline and the health check of slow generation measure the machine, not the rules. 70 examples a test keep the
# domain's tests under half a minute; every run draws new ones.
settings.register_profile("domain", deadline=None, max_examples=70, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("domain")
