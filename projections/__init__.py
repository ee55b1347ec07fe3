"""What we conclude: folds over the log into tables. Facts are stored; conclusions are computed, again and again."""
