"""Simulate a pharmacy's orders: a seeded world, its events, their defects, and the truth behind them."""

from pbm360.simulate.defects import NO_DEFECTS, DefectRates
from pbm360.simulate.simulation import Simulation, SimulationParameters, simulate

__all__ = ["NO_DEFECTS", "DefectRates", "Simulation", "SimulationParameters", "simulate"]
