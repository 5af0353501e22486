#!/bin/sh
# Firefox, named by FIREFOX, which lives on when a process of its pages dies. Who drives it wants it to end then.
unset MOZ_CRASHREPORTER_SHUTDOWN
exec "$FIREFOX" "$@"
