"""The catalogue: films, series, seasons, episodes, people, genres, images and their texts."""
