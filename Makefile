# Two commands: `make run` serves with sample data, `make test` runs all tests. Both set up what they need.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
FLASK := $(VENV)/bin/flask --app traceability
SERVED := $(VENV)/.served
TESTED := $(VENV)/.tested
WORDS := $(wildcard traceability/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(WORDS:.po=.mo)

.PHONY: run test check-python chromium benchmarks clean

run: $(SERVED) $(COMPILED)
	@$(FLASK) init
	@$(FLASK) sample --once
	@exec $(FLASK) serve

test: $(TESTED) $(COMPILED) chromium
	@$(VENV)/bin/python -m pytest -n auto --dist loadgroup

benchmarks: $(TESTED) $(COMPILED) chromium
	@for file in benchmarks/*.py; do echo "== $$file"; $(VENV)/bin/python $$file || exit 1; done

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.12 …")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "The module venv is missing: on Debian, install the package python3-venv."; exit 1; }

$(VENV)/bin/python: | check-python
	@$(PYTHON) -m venv $(VENV)

$(SERVED): requirements.txt | $(VENV)/bin/python
	@echo "Installing what the service needs …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(TESTED): tests/requirements.txt $(SERVED)
	@echo "Installing what the tests need …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

%.mo: %.po $(SERVED)
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

# The browser of the tests is the system's. On Debian as root it is installed; elsewhere one line says what is missing.
chromium:
	@if [ -n "$$CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ -e /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then echo "Installing Chromium …"; \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core fonts-noto-cjk; } >/dev/null 2>&1 \
	|| { echo "Chromium could not be installed: run apt-get install chromium fonts-noto-core fonts-noto-cjk"; exit 1; }; \
	else echo "The tests need Chromium: install it (Debian: apt-get install chromium; others: your package manager), or set CHROMIUM to its path."; exit 1; fi

clean:
	@rm -rf $(VENV) $(COMPILED)
