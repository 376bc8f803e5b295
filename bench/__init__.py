"""Benchmarks: the floor (the least work that does the same) beside the product, the ratio last. See docs/performance.md."""
