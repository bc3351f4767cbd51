"""The pages, one blueprint an audience. Views parse, call an operation, and hand frozen values to a template."""
