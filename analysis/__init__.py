"""Sentiment and framing analysis of news text: from a folder of articles to a defensible answer.

Each module is a room of the house and takes tables to tables; the notebooks walk through them in order.
"""
import gc

gc.set_threshold(1_000_000, 20, 20)  # millions of small lists without a cycle among them: looking for cycles at the usual pace took more than half the time
