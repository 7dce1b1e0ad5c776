"""What linkage costs: time, memory, growth; synthetic worlds only."""
