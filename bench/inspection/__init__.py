"""What a neural codec is made of: layers, parameters, receptive field and work. Needs torch."""
