"""The overlay between Apache's `pyspark` client and the engine in the same tab.

`seams` lets the client be imported without grpc, numpy, pandas and pyarrow; `channel` carries its requests to the engine;
`session` makes `SparkSession.builder` mean the one session; `cells` runs notebook cells. No DataFrame API is written here.
"""
