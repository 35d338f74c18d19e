package visavis;

/** A result or webhook must not be believed. */
public final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why, in the words of all clients. */
    public enum Reason {
        /** Missing, malformed, repeated or wrong: treat everything as made up. */
        BAD_SIGNATURE,
        /** Signed by the service, about another verification. */
        WRONG_VERIFICATION,
        /** Too old, from the future, or without saying when. */
        STALE,
        /** The answer to another link. */
        NONCE_MISMATCH,
        /** A webhook's id or timestamp is missing or malformed. */
        BAD_HEADER,
        /** A webhook rightly signed, and yet no event. */
        BAD_BODY
    }

    private final Reason reason;

    Refused(Reason reason) {
        super(reason.name().toLowerCase(java.util.Locale.ROOT));
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
