"""What sound is: frames, G.711, rates, levels, mixing and WAV files. No input or output, no clock."""
