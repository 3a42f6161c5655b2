"""Damage the messages as real sources do, and write down what was done to which event."""

from pbm360.simulate.defects.injector import DefectInjector
from pbm360.simulate.defects.rates import NO_DEFECTS, DefectRates
from pbm360.simulate.defects.sending import Delivery, Injection, SentForm, data_of, is_exposed_to_disorder

__all__ = [
    "NO_DEFECTS",
    "DefectInjector",
    "DefectRates",
    "Delivery",
    "Injection",
    "SentForm",
    "data_of",
    "is_exposed_to_disorder",
]
