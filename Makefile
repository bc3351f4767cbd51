# Two commands: `make run` serves with sample data, `make test` runs all tests. Both set up what they need.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
FLASK := $(VENV)/bin/flask --app traceability
SERVED := $(VENV)/.served
TESTED := $(VENV)/.tested
WORDS := $(wildcard traceability/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(WORDS:.po=.mo)
FACES := traceability/labels/made/LabelMono-Medium.json
# What browsers need of others, from its own registry.
BROWSER := traceability/static/inspector
VENDORED := $(BROWSER)/vendor/noble-ed25519.js

.PHONY: run set-up test check-python system benchmarks clean

set-up: $(SERVED) $(COMPILED) $(FACES) $(VENDORED)

run: set-up
	@$(FLASK) init
	@$(FLASK) sample --once
	@exec $(FLASK) serve

test: $(TESTED) $(COMPILED) $(FACES) $(VENDORED) system
	@$(VENV)/bin/python -m pytest -n auto --dist loadgroup

benchmarks: $(TESTED) $(COMPILED) $(FACES) $(VENDORED) system
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

# The label's faces, made once from their packages: it takes a second, which no start should.
$(FACES): traceability/labels/font_making.py requirements.txt | $(SERVED)
	@$(VENV)/bin/python -m traceability.labels.font_making
	@touch $@

$(VENDORED): $(BROWSER)/package-lock.json $(BROWSER)/npm-requirements.txt traceability/vendoring.py | $(SERVED)
	@echo "Fetching what the inspector's pages need …"
	@$(VENV)/bin/python -m traceability.vendoring
	@touch $@

%.mo: %.po $(SERVED)
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

# What the tests need of the system: a browser, three programs that draw PDF, and nginx. On Debian as root it is installed;
# elsewhere one line says what is missing.
PACKAGES := chromium fonts-noto-core fonts-noto-cjk poppler-utils ghostscript mupdf-tools nginx-light
system:
	@missing=""; \
	[ -n "$$CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="chromium"; \
	for program in pdftoppm gs mutool nginx; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ -e /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then echo "Installing $$missing …"; \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES); } >/dev/null 2>&1 \
	|| { echo "Not installed: run apt-get install $(PACKAGES)"; exit 1; }; \
	else echo "The tests need $$missing: install them (Debian: apt-get install $(PACKAGES); others: chromium or CHROMIUM=its path, poppler, ghostscript, mupdf-tools, nginx)."; exit 1; fi

clean:
	@rm -rf $(VENV) $(COMPILED) traceability/labels/made $(BROWSER)/vendor
