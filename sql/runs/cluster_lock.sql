-- Waits for those who write sources, and keeps further ones waiting until the transaction ends.
lock table accounts, leads, attribute_change, events, tombstone, segment_list, runs in share row exclusive mode;
