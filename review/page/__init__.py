"""The review page: plain forms for people who decide on one record after another."""
