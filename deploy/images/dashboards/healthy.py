"""Exit 0 where Voila or Streamlit answers on the container's port."""

import sys
import urllib.error
import urllib.request

PATHS = ("voila/static/favicon.svg", "_stcore/health")
PORT = sys.argv[1] if len(sys.argv) > 1 else "8080"


def answers(path: str) -> bool:
    """Ask one path."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, TimeoutError):
        return False


sys.exit(0 if any(answers(path) for path in PATHS) else 1)
