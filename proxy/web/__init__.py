"""The page for people at `/`: it shows what the API does, and speaks to nothing but the API."""

from proxy.web.ledger import Ledger
from proxy.web.page import Front, install_page

__all__ = ["Front", "Ledger", "install_page"]
