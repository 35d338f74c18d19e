"""Which moves the state machine knows: pure data, and the test is the same table."""

from app.vocabulary import SessionState

_S = SessionState

TRANSITIONS: frozenset[tuple[SessionState, SessionState]] = frozenset(
    {
        (_S.CREATED, _S.CAPTURING),  # consent given (or not required) and first frame accepted
        (_S.CAPTURING, _S.PROCESSING),  # challenge complete
        (_S.PROCESSING, _S.CAPTURING),  # a retryable failure and attempts remain
        (_S.PROCESSING, _S.PASSED),  # decision
        (_S.PROCESSING, _S.FAILED),
        (_S.PROCESSING, _S.REVIEW),
        (_S.REVIEW, _S.PASSED),  # operator, with a written reason
        (_S.REVIEW, _S.FAILED),
    }
    # Clock, person or unrecoverable fault may end every open session.
    | {
        (open_state, end)
        for open_state in _S
        if open_state.is_open
        for end in (_S.EXPIRED, _S.CANCELLED, _S.ERRORED)
    }
)


def can_move(old: SessionState, new: SessionState) -> bool:
    """Tell whether the table has this move."""
    return (old, new) in TRANSITIONS
