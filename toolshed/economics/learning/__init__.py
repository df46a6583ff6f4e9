"""What outcomes teach of backbones."""
