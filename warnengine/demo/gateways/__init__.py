"""The outside world in one process: gateways that speak with protocol code that is not ours, and people.

It knows nothing of the engine but what arrives on the wire, and writes down what arrived before it answers.
"""
