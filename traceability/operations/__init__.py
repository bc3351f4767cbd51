"""One act a module: free functions of a session, the time and the actor. They neither commit nor read the clock."""
