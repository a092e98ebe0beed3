import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * A node of Elasticsearch on a free port of the loopback address, with its data below a directory. It prints the port on a line of its own, and
 * ends with its standard input, so that it does not outlive whoever has started it.
 */
final class Receiver {
    private Receiver() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            throw new IllegalArgumentException("the directory that has modules, and one for data are needed");
        }
        // Standard output is for the port alone: whatever logs there goes to standard error.
        PrintStream out = System.out;
        System.setOut(System.err);
        Path home = Path.of(args[0]);
        Settings settings = Settings.builder()
            .put("path.home", home)
            .put("path.data", args[1])
            .put("path.logs", args[1])
            .put("network.host", "127.0.0.1")
            .put("http.port", "0")
            .put("transport.port", "0")
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            // A test must not fail because the disk of its machine is nearly full.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        LogConfigurator.configureESLogging();
        LogConfigurator.configureWithoutConfig(settings);
        Environment environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "receiver");
        PluginsLoader loader = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir()), PluginsLoader.loadPluginsBundles(environment.pluginsDir()), Map.of(), false);
        try (Node node = new Node(environment, loader)) {
            node.start();
            out.println(node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().getPort());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
