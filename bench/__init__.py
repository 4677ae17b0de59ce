"""The project's benchmarks: each figure beside the floor that the network and Microsoft's limits allow."""
