"""Taking part: ratings, reviews, lists, diary, following, progress, and films of visitors' own."""
