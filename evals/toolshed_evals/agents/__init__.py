"""Whole runs of agents: tasks with effects, in arms that differ in which tools the agent is given."""
