"""The call flow: what a flow is and how it advances. Pure: no clock, no database, no network."""
