"""What a broker has to be told: who may connect, with what, and on which topics. One file per kind of broker."""
