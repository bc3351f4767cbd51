"""Printed labels: what they say is laid out once, in mm, and each writer turns a layout, or a run of labels, into one format.

Nothing is imported here: a program that writes one format loads that format's libraries alone.
"""
