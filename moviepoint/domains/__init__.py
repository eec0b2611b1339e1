"""The domains: what MoviePoint knows of films, their media, and the people who use them."""
