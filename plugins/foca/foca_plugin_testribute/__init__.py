"""Routing of TES tasks by testribute, for gateways on FOCA.

`plugin` has the plugin `tes.routing.testribute` of FOCA 0.18 and newer, `middleware` the class for
proTES before 0.4. Both order the TES of the gateway by what a task would cost there and how long it
would take.
"""

__version__ = "0.4.0"
