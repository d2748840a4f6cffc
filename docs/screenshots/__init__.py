"""Pictures of the staff's pages for README, made from a table and calls of a chain of dental practices."""

USER, PASSWORD = "dana", "pictures only"
