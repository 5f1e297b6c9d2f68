"""Forecasts: how volumes grow over time, and how one tumour may spread through its organ.

Reads drawings and tables, knows growth models and their doubt; draws no new finding, and never trains a net.
"""
