"""The operator console: its own login, cookie, pages and style, apart from everything that end users see."""
