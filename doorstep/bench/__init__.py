"""`doorstep bench`: what the whole path does on this machine, measured with everything real and running."""
