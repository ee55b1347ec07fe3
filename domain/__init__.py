"""What Doorstep knows: events, state, policies and geometry. Pure: no I/O and no clock."""
