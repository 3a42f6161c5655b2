"""Tell people in time: rules over risk and health, each alert once, to the one who owns it."""
