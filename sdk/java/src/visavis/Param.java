package visavis;

/** One name and value of a query. */
public record Param(String name, String value) {}
