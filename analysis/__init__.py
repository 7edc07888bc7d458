"""Sentiment and framing analysis of news text: from a folder of articles to a defensible answer.

Each module is a room of the house and takes tables to tables; the notebooks walk through them in order.
"""
