"""Synthetic data of other countries, brought into our folders: is the engine more than a Vietnamese trick?"""
