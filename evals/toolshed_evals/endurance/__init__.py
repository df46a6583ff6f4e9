"""What a knowledge base survives: races of processes, kills, damage; ``toolshed eval endurance``."""
