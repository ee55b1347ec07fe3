"""Where the rooms are put together: settings, wiring, embedded servers, supervisor and command line."""
