"""Requests that look at a link without a person behind them: they must create nothing."""

import re

from flask import Request

# Names under which chat and mail programs, networks and search engines fetch a link's preview.
PREVIEW_AGENTS = re.compile(
    r"facebookexternalhit|facebookcatalog|whatsapp|telegrambot|slackbot|slack-imgproxy|discordbot|twitterbot|"
    r"linkedinbot|skypeuripreview|microsoftpreview|teamsbot|googlebot|google-pagerenderer|bingbot|bingpreview|"
    r"applebot|yandexbot|duckduckbot|baiduspider|pinterestbot|redditbot|viber|vkshare|snapchat|"
    r"outlook-linkpreview|embedly|iframely|mattermost-bot|zulipbot|mastodon|bitlybot|line-poker",
    re.IGNORECASE,
)


def is_preview(request: Request) -> bool:
    """Tell a preview, prefetch or `HEAD` from a person's visit."""
    if request.method == "HEAD":
        return True
    purpose = f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}"
    if "prefetch" in purpose or "preview" in purpose or request.headers.get("X-Moz") == "prefetch":
        return True
    return PREVIEW_AGENTS.search(request.headers.get("User-Agent", "")) is not None
