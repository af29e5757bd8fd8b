/** Loaded before the tests of a planted fault: a property that fails ends at once, as making its example small takes minutes. */
import fc from "fast-check";

fc.configureGlobal({ endOnFailure: true });
